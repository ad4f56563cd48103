"""Stage `download`: the files of a dataset's release, each verified, recorded, and either complete or absent."""

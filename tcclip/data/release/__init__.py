"""A dataset's release, from the web to its folders: stage `download`, then stage `unpack`.

A downloaded file is verified, recorded, and either complete or absent. An archive is unpacked whole or not at all. What
is finished is remembered, so that the same command goes on after any end.

download    every needed file of a dataset in one folder; what is missing is one error
  needed    which files those are, also where a list of URLs names them
  http      one file: its candidate URLs, patience, one request
  partial   the unfinished file, and which version it is of (resume by Range)
  verify    first bytes, size, hashes; what is remembered of every file (hashes.csv, received.csv)
unpack      everything of a dataset, one archive after another
  parcels   what is unpacked together, and the record of what is finished
  archive   reading tar, zip, rar, and a tar in pieces in zips
  members   what may come out of one: safe names, and what damage is
  staging   an archive's files under numbers, and how much there may be of them
  placing   files at their final names; removing the archive
"""

"""How sure a number is: replicates of a table's cells by a bootstrap over videos and seeds, and what follows from them.

A replicate is a cell's value with other weights of the videos. The weights are the same for all cells, so that the
replicates of any expression over cells are that expression of theirs (docs/judging.md).
"""

"""How sure a number is: replicates of a table's cells by a bootstrap over recordings and seeds, and what they say.

A replicate is a cell's value with other weights of the recordings. The weights are the same for all cells, so that the
replicates of any expression over cells are that expression of theirs (docs/judging.md).
"""

"""Texts from outside: what somebody has written of a dataset's classes, or of its videos (docs/texts.md).

given        the strict reader: the texts of a class list, from the files that a dataset's file names
  rephrased    {"0": "Name: one sentence", ...}                      (FROSTER, TC-CLIP with LLM names)
  descriptors  two files {"0": [n strings], ...}                     (OST)
  words        a file for each class, or for each video, with a word a line  (MAXI)
  files        bytes to text, and JSON to an object; mistakes of a whole file
  faults       what is wrong with one class, and what repairs it
  lengths      what fits into 77 tokens
checked      what the reader has found right, beside the split tables, as trainings and evaluations read it
prompts      what to ask a language model for
answers      what it has answered, put into the files
"""

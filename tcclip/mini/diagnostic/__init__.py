"""The diagnostic data set: what a system has to see is known, because each part's classes are told by one thing alone.

`parts` says what the classes of a part are, `bounds` what can be had without an exchange between frames, `clips` draws,
`writer` writes files and lists, `texts` what somebody would write of the classes (docs/diagnostic.md).
"""

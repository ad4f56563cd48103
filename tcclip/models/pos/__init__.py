"""Position tables of the vision tower (Table 9a).

A kind's module has `make(settings, config, frames) -> PositionTable`.
"""

"""Position tables of the vision tower (Table 9a)."""

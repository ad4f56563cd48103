"""How the texts of the classes are made from their names."""

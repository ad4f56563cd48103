"""Split tables and class lists, from official lists, published ones or one's own."""

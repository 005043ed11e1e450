"""How each family of models is asked, and how it is read into one neutral form."""

"""A photo as a surface: turned to another view, or with another face's shape (Beyond 3DMM, sections 6.2 and 6.3)."""

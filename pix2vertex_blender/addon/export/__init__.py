"""A face as FBX, glTF, OBJ and others, prepared so that each format shows the same."""

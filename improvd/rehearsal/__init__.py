"""The duet in virtual time: the edge of `improvd rehearse`."""

"""What hears where in the beat a note falls: a small recurrent network in numpy, fed note by note."""

"""The player: all pictures of a page move to one epoch, in the browser."""

"""The Hub: folders in its shape, and one commit of what differs."""

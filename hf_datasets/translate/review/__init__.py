"""What people say of translations, in lines beside the data."""

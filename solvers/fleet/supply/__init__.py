"""What each service's requests are, by class, and what one replica of each kind carries of them."""

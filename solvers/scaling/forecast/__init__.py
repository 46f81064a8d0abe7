"""What runs that were made say of one that was not: each part of the answer, from one mixture of laws."""

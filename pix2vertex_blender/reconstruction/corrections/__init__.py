"""What acts after the registration: lips, lids, and the artist's pins."""

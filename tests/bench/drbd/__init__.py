"""What a database on a mirrored disk makes of our Drbd, beside the same with ocf:linbit:drbd."""

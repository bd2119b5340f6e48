"""What answers the RPCs: protobuf in, protobuf out."""

"""Mail that comes in: messages as people write them, taken apart into what they quote and what they say."""

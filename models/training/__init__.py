"""Fine-tune an encoder with a topic and a tone head; needs the extra `train`."""

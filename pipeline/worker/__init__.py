"""The live shell: Faust agents that drive the functional core over Kafka."""

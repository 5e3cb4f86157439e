"""Rolling sentiment in; spikes, alert lifecycle and delivery out."""

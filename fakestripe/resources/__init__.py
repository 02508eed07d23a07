"""One module per Stripe resource: functions from a platform and parameters to an object."""

help:
	@echo "later"

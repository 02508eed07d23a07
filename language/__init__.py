"""What both sides need to know about text: vectors, sensitive topics, commercial intent, language.

The only door to sentence_transformers and onnxruntime. Reads texts, answers, and forgets: nothing
here stores, logs or quotes what it was given. It knows no ads and no accounts.
"""

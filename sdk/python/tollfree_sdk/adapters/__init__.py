"""Around what others build with: OpenAI's client, FastAPI, LangChain, LlamaIndex, litellm.

Each module imports its library only when it is used; none is a dependency of this package.
"""

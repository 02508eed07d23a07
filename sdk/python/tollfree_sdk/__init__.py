"""Place clearly labelled ads in the answers of any LLM service, and earn a share.

`contract` holds the words that both sides speak, `placement` puts an ad into an answer or a stream,
`client` asks the ad network for a decision. Depends on httpx only.
"""

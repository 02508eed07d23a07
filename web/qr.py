"""A QR code as SVG, for the camera of a code generator; the only door to segno."""

import io


def svg(text: str) -> str:
    """The code of `text`, black on white whatever the colour scheme, without any style."""
    import segno

    drawn = io.BytesIO()
    segno.make(text, error="m").save(
        drawn, kind="svg", xmldecl=False, scale=5, border=3, light="#fff", omitsize=True
    )
    return drawn.getvalue().decode()

"""Reading the words of a PDF of ours back, by a library that did not write it."""

import io

import pypdf


def words(pdf: bytes) -> str:
    """Give the text of all pages, as it is drawn, with blanks as they were set."""
    said = (page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)
    return " ".join(" ".join(said).split())

"""`aln web`: a page in the browser to look at what a model finds, and to correct it; and the same by REST.

serve.py      address, token, uvicorn
app.py        the application: routes, error answers, static files
safety.py     who may ask, and how much may be sent
desk.py       what the routes share: album, workshop, reviews
album.py      the photographs: a folder's, and those that were sent
workshop.py   the model behind a lock, with what was lately computed
reviews.py    what people decided, one file a photograph
reviewed.py   accepted reviews as results for the annotation formats, and as a class folder
routes/       one module a group of addresses
static/       the page: plain HTML, CSS and JavaScript
"""

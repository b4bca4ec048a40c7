"""What invented people are called, where they work, and what is said about them."""

FIRST = (
    "Anneke", "Paolo", "Ingrid", "Sabine", "Tomasz", "Jens", "Carla", "Henrik", "Marta", "Luc", "Petra",
    "Erik", "Nina", "Oskar", "Rosa", "Felix", "Hanna", "Mikael", "Elif", "Jonas", "Clara", "Viktor",
    "Lotte", "Andrea", "Simon", "Greta", "Piotr", "Ines", "Matthias", "Yvonne", "Dario", "Birgit",
    "Karl", "Selma", "Bram", "Julia",
)  # fmt: skip
LAST = (
    "Brandner", "de Wit", "Ferrante", "Solheim", "Oertel", "Wieczorek", "Lindner", "Moretti", "Dahl",
    "Kowalska", "Perrin", "Hofer", "Berg", "Falk", "Aydin", "Krings", "Steiner", "Maurer", "Vogt",
    "Janssen", "Nowak", "Rossi", "Keller", "Ohlsen", "Thoma", "Ziegler", "Baumann", "Lorenz", "Wolters",
    "Reuter",
)  # fmt: skip
STEMS = (
    "Brückner", "Van Dalen", "Nordvik", "Hollerer", "Polmet", "Hofer", "Officine Ferrante", "Kranich",
    "Weserland", "Alpstein", "Tiefenbach", "Elmshorn", "Marek", "Sollund", "Lindqvist", "Haverkamp",
    "Rheinblick", "Castelli", "Steinfurt", "Obermeier", "Verhoeven", "Donauwerk", "Altmühl", "Fjordnes",
    "Mertens", "Zollern", "Pellegrini", "Hanseat", "Birkenau", "Silberhorn", "Dreifurt", "Wagram",
    "Kestrel", "Nagold", "Tannwald", "Ostrava",
)  # fmt: skip
# What the company does, and what such a one is called.
INDUSTRIES = (
    ("machinery", ("Antriebstechnik", "Maschinenbau", "Hydraulik")),
    ("medical", ("Medizintechnik", "Dental")),
    ("wholesale", ("Grosshandel", "Trading", "Sanitär")),
    ("logistics", ("Logistik", "Spedition")),
    ("food", ("Feinkost", "Molkerei")),
    ("building", ("Baustoffe", "Holz")),
    ("electronics", ("Elektronik", "Sensorik")),
)
COUNTRIES = (
    ("DE", "Europe/Berlin", 55, ("Hamburg", "Kassel", "Ulm", "Bielefeld", "Regensburg")),
    ("AT", "Europe/Vienna", 12, ("Linz", "Graz", "Wels")),
    ("CH", "Europe/Zurich", 10, ("Winterthur", "Luzern")),
    ("NL", "Europe/Amsterdam", 9, ("Utrecht", "Eindhoven")),
    ("PL", "Europe/Warsaw", 6, ("Gliwice", "Poznań")),
    ("IT", "Europe/Rome", 5, ("Brescia", "Padova")),
    ("NO", "Europe/Oslo", 3, ("Bergen",)),
)
# Role, its part in the buying centre (None: not known), how often.
ROLES = (
    ("Head of operations", "decision_maker", 12),
    ("Head of purchasing", "decision_maker", 11),
    ("Managing director", "decision_maker", 8),
    ("Head of logistics", "influencer", 11),
    ("Supply chain manager", "influencer", 13),
    ("Production planner", "user", 14),
    ("Buyer", "user", 14),
    ("Controller", "influencer", 8),
    ("IT manager", "gatekeeper", 6),
    ("Intern, logistics", None, 3),
)
FAIR, SITE, PARTNER, BREAKFAST = (
    "Trade fair Hannover (demo)",
    "Website form (demo)",
    "Partner Stratos (demo)",
    "Planning breakfast (demo)",
)
TAGS = ("machinery fair", "spreadsheet user", "ERP change", "two warehouses")
INTERESTS = ("safety stock", "delivery on time", "slow movers", "ERP settings")
PAGES = (
    "https://www.example.com/stock-check",
    "https://www.example.com/articles/reorder-points",
    "https://www.example.com/references",
    "https://www.example.com/team",
)
DOWNLOADS = (
    "Safety stock, no guesswork (PDF)",
    "Reorder points, the spreadsheet",
    "Checklist: 15 days of stock",
)
PRODUCTS = ("Stock review", "Planning workshop", "ERP settings clinic")
CALLS = (
    "Asked what a stock review costs. Budget round is in December; wants two references from wholesale.",
    "Wants to know whether we work with their ERP. Yes. Sends us an export next week.",
    "Has 14 % slow movers and a new managing director who asks about it every Monday.",
    "Was on the road; call again on Thursday before nine.",
)
OUR_CALLS = (
    "Talked for ten minutes. Interested, but the ERP change comes first.",
    "Left a message with the assistant.",
    "Agreed on a date; wants the controller to join.",
)
NOTES = (
    "Met at the stand. Carried our article on reorder points, with notes in the margin.",
    "Competitor in the house since spring, contract ends in autumn.",
    "Prefers letters to calls.",
)
WON_AMOUNTS = (6800, 12500, 18900, 24000)
REJECTED = ("No budget this year", "Student thesis, no project", "Works with a competitor until autumn")
LOST = ("Chose to do it in-house", "Price")
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0"
    " Safari/537.36 Edg/138.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5"
    " Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1",
)
IMAGE_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
GATEWAYS = ("python-requests/2.32.3", "Mozilla/5.0 (compatible; LinkScan/4.2; +https://scan.example/about)")

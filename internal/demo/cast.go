package demo

const domain = "lumen-cartography.example"

// departments in the order of their leads; the first is the administrator's.
var departments = []string{"Direction", "Field Survey", "Cartography", "Engineering", "Sales", "People", "Finance"}

var locationNames = []string{"Bergen", "Kraków", "Lisbon", "Valparaíso", "At home"}

var firstNames = []string{
	"Bela", "Cosmo", "Dunja", "Emeka", "Farah", "Goran", "Hanae", "Ilse", "Jonah", "Kavya", "Lior", "Maren", "Nuno", "Odile", "Pavel",
	"Quirin", "Rosa", "Sanna", "Tariq", "Ursa", "Vera", "Wim", "Ximena", "Yusuf", "Zora", "Arlo", "Brynn", "Cyril", "Delia", "Ezra",
}

var lastNames = []string{
	"Abara", "Bergström", "Castellan", "Dvorak", "Eklund", "Fontaine", "Grünwald", "Haddad", "Ivanović", "Jansen", "Kowalczyk", "Lefèvre",
	"Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rasmussen", "Silva", "Takala", "Umarov", "Varga", "Weiss", "Xanthos", "Yilmaz", "Zielinski",
}

// titles by department.
var titles = [][]string{
	{"Assistant"},
	{"Surveyor", "Senior surveyor", "Drone pilot", "Hydrographer"},
	{"Cartographer", "Senior cartographer", "Toponymist", "Proofreader"},
	{"Software engineer", "Data engineer", "Site reliability engineer", "Product designer"},
	{"Account manager", "Tender specialist", "Customer trainer"},
	{"People partner", "Recruiter", "Office manager"},
	{"Controller", "Accountant", "Purchaser"},
}

var skills = []string{
	"photogrammetry", "GNSS", "hillshading", "typography", "Go", "SQL", "QGIS", "negotiation", "first aid", "drone licence",
	"bathymetry", "place names", "payroll", "workshops", "Portuguese", "Polish", "Spanish", "archives", "print production",
}

var bios = []string{
	"Collects misprinted atlases. Asks where north is before sitting down.", "Ten years in the field, now mostly at a desk, still packs a tent.",
	"Will talk about projections for as long as you let me.", "New here. Came for the contour lines, stayed for the people.",
	"Runs the Thursday lunch talks. Has a slide for that.", "Looks after the plotters, which look after nobody.",
	"Two children, one kayak, no more room on the bookshelf.", "Reads cadastral maps the way others read novels.",
}

// absences are what some people say about not being there; most are.
var absences = []string{"", "", "", "In the field until Friday", "", "", "", "On parental leave", "", "", "", "", "At the fair this week", "", "", "", "Back on Monday"}

var landmarks = []string{
	"the western fjords", "Sotra", "the old harbour", "Nowa Huta", "the Tagus estuary", "Cerro Alegre", "the Tatra foothills",
	"Sintra", "the ring road", "the ferry terminal", "the glacier tongue", "the botanical garden",
}

// reactions people choose from, the common ones more often.
var reactions = []string{"like", "like", "like", "love", "celebrate", "celebrate", "support", "insightful", "funny"}

package demo

const domain = "lumen-cartography.example"

var departmentNames = []string{"Field Survey", "Cartography", "Engineering", "Sales", "People", "Finance"}

var locationNames = []string{"Bergen", "Kraków", "Lisbon", "Online"}

var firstNames = []string{
	"Bela", "Cosmo", "Dunja", "Emeka", "Farah", "Goran", "Hanae", "Ilse", "Jonah", "Kavya", "Lior", "Maren", "Nuno", "Odile", "Pavel",
	"Quirin", "Rosa", "Sanna", "Tariq", "Ursa", "Vera", "Wim", "Ximena", "Yusuf", "Zora", "Arlo", "Brynn", "Cyril", "Delia", "Ezra",
}

var lastNames = []string{
	"Abara", "Bergström", "Castellan", "Dvorak", "Eklund", "Fontaine", "Grünwald", "Haddad", "Ivanović", "Jansen", "Kowalczyk", "Lefèvre",
	"Moreau", "Nakamura", "Okafor", "Petrov", "Quispe", "Rasmussen", "Silva", "Takala", "Umarov", "Varga", "Weiss", "Xanthos", "Yilmaz", "Zielinski",
}

var titles = []string{"Surveyor", "Cartographer", "Software engineer", "Account manager", "People partner", "Controller"}

var openings = []string{
	"The new contour set for the western fjords is finished.", "Who has the spare GNSS receiver? Tomorrow's survey needs two.",
	"Reminder: the map of the month closes on Friday.", "We printed the first sheet of the harbour series. Come and look.",
	"The tile server now answers in half the time.", "Lunch talk on Thursday: reading old cadastral maps.",
	"A customer sent cake. It is in the kitchen, for as long as it lasts.", "The style guide has a chapter on labels at last.",
	"Please book the drone in the calendar, not on the whiteboard.", "Our stand at the fair drew more people than chairs.",
}

var closings = []string{
	"Questions are welcome.", "Thanks to everybody who helped.", "More next week.", "Details are in the shared folder.", "Tell me what you think.",
}

var tags = []string{"#maps", "#survey", "#release", "#kitchen", "#howto", "#fair"}

package demo

// topic is what the people of a department write about.
type topic struct {
	tag   string
	texts []string
}

// topics by department; the first is for everybody.
var topics = []topic{
	{"#lumen", []string{
		"Lunch talk on Thursday: reading old cadastral maps. Bring a sandwich and a magnifying glass.",
		"A customer sent cake. It is in the kitchen for as long as it lasts.",
		"Somebody left a blue anorak at {place}. It is now at the reception in Bergen.",
		"Reminder: the map of the month closes on Friday. {n} entries so far, and one of them is embroidered.",
		"Thank you {person} for staying late on Tuesday. The handover would not have happened without you.",
		"The bicycle shed has a new lock. The code is the year our first atlas was printed.",
		"Who joins for a walk to {place} after work on Wednesday?",
		"Our choir needs two more altos. No audition, only courage.",
		"Please book the large meeting room in the calendar, not on the whiteboard.",
		"Ten years at Lumen today! The first map I drew here had {place} on the wrong side of the river.",
		"The coffee machine is back. It was descaled by {person}, who deserves the first cup.",
		"I am selling a folding kayak, used on {n} trips, leaks in one place only.",
		"Fire drill next Tuesday at ten. The meeting point is the car park, not the café.",
		"Summer party: {n} people have signed up. Vegetarians, tell me before Friday.",
	}},
	{"#survey", []string{
		"The new contour set for {place} is finished: {n} sheets, all tied to the national grid.",
		"Who has the spare GNSS receiver? Tomorrow's survey at {place} needs two.",
		"Back from {place}. Wind, rain and {n} control points, all within three centimetres.",
		"Drone {n} is grounded until its battery has been replaced. Please take the other one.",
		"The tide table we were given for {place} is an hour off. Check before you wade.",
		"Photographs from {place} are on the share. The third one explains why we needed the boat.",
		"We found the lost benchmark at {place}! It was under a bench, as the name says.",
		"Laser scan of {place} done in one day. {person} carried the tripod all the way up.",
		"First-aid kits in the vans have been renewed. The old plasters are for the office.",
	}},
	{"#maps", []string{
		"We printed the first sheet of the harbour series. Come and look at the blues.",
		"The style guide has a chapter on labels at last. {person} wrote the part about curved text.",
		"Vote, please: does {place} get one dot or two at 1:250 000?",
		"Proofs of the hiking map are on the table. {n} corrections so far, keep them coming.",
		"The hillshade for {place} now lights from the north-west again. Nobody was fond of the valleys that looked like ridges.",
		"Three spellings for {place} in three sources. I am asking the municipality.",
		"New colour scale for depths. It survives colour-blindness and cheap printers.",
		"The legend is down to {n} symbols. Which one would you miss least?",
		"The embossed globe is finished. Please do not spin it.",
	}},
	{"#release", []string{
		"The tile server now answers in half the time. Thanks to {person} for the index nobody believed in.",
		"Release tonight at 20:00. Exports are paused for about {n} minutes.",
		"The import of last year's aerial photographs is done: {n} terabytes, two of them clouds.",
		"We found the reason for the missing roads near {place}: a comma in a file from 1998.",
		"Nightly builds are green for {n} days in a row. I do not want to jinx it.",
		"New: search by old place names. Try the Latin name of {place}.",
		"The map viewer works without a network now. Tested in the tunnel below {place}.",
		"Please file defects with a screenshot and coordinates. 'It looks odd' is a feeling, not a location.",
		"Pairing hour on Monday: {person} shows how the generalisation of coastlines works.",
	}},
	{"#customers", []string{
		"We won the tender for the municipal map of {place}! {person} wrote {n} pages in four days.",
		"Our stand at the fair drew more people than chairs. {n} new contacts.",
		"The hiking club asked for {n} more copies, and whether {place} could be a bit closer to the road.",
		"A school wants a visit to the print shop. Who likes twelve-year-olds?",
		"Price list for next year is in the folder. Please stop quoting from memory.",
		"The harbour authority renewed for three years. They like that somebody answers the phone.",
		"Feedback from {place}: 'the first map that folds back'. I am framing that.",
		"Customer training on the 14th. {person} takes the beginners, I take the brave.",
	}},
	{"#people", []string{
		"Please welcome {person}, who joins us from the national archive and brings an own desk lamp.",
		"The new leave form is online. The old one will be recycled as scratch paper.",
		"We are looking for a cartographer in Kraków. Do you know anybody? The bonus is still {n} jars of honey.",
		"Health day on the 20th: eyes, backs, and a talk on sleep by somebody who gets some.",
		"Expense claims for last month are due on Friday.",
		"The mentoring round starts again. {n} pairs last year, nearly all still talk to each other.",
		"Language courses: Portuguese on Mondays, Polish on Wednesdays, Norwegian whenever it rains.",
		"Reviews begin next week. Bring what you are proud of, not what you are afraid of.",
	}},
	{"#finance", []string{
		"The quarter is closed. Thank you for {n} receipts, most of them readable.",
		"New supplier for paper: 8 % cheaper and it does not curl.",
		"Please order field equipment through purchasing. We found {n} identical head torches.",
		"The grant for the survey of {place} has been paid out.",
		"Travel to {place}: take the train, it is faster than the approval for a flight.",
		"Budget talks start on the 3rd. {person} has the template.",
		"We now pay invoices within fourteen days. Small suppliers have noticed.",
	}},
}

var closings = []string{
	"Questions are welcome.", "Thanks to everybody who helped.", "More next week.", "Details are in the shared folder.",
	"Tell me what you think.", "Photos to follow.", "Back to work now.", "Please pass it on.",
}

// answers are comments; {person} is the author of the post.
var answers = []string{
	"Well done, {person}!", "Count me in.", "Thank you, that was overdue.", "I can take over on Monday if that helps.", "Lovely.",
	"Could you share the file as well?", "We had the same at {place} last year.", "Great news.", "Is that before or after the release?",
	"I have one in the van. I will bring it tomorrow.", "Congratulations!", "Who do I ask about this, {person}?", "Seen, thanks.",
	"Can we do this in Lisbon too?", "I disagree about the colour, but otherwise: yes.", "Added to the calendar.",
}

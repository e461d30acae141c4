package page

func danish() wording {
	return wording{
		reference: "Reference",
		tell:      "Hav den gerne klar, hvis du kontakter virksomheden, der sendte dig linket.",
		back:      "Tilbage til %s",
		outcomes:  danishOutcomes(),
	}
}

func danishOutcomes() map[Kind]outcome {
	return map[Kind]outcome{
		Done: {
			heading:  "Tak, alt er på plads",
			happened: "Du har givet dit samtykke. Virksomheden, der sendte dig linket, har nu den adgang, som du har godkendt.",
			next:     "Du behøver ikke gøre mere. Du kan lukke dette vindue.",
		},
		Closed: {
			heading:  "Du kan lukke dette vindue",
			happened: "Der er ikke noget at gøre på denne side.",
			next:     "Har du fået et link, som du endnu ikke har brugt, så åbn det igen. Har du spørgsmål, så kontakt virksomheden, der sendte dig linket.",
		},
		Declined: {
			heading:  "Du gav ikke samtykke",
			happened: "Der er ikke givet adgang, og der er ikke ændret noget.",
			next:     "Ombestemmer du dig, kan du åbne linket, du fik tilsendt, igen. Har du spørgsmål, så kontakt virksomheden, der sendte dig linket.",
		},
		Expired: {
			heading:  "Linket virker ikke længere",
			happened: "Linket er udløbet, eller også mangler der en del af det.",
			next:     "Prøv at åbne linket, du fik tilsendt, en gang til. Hvis det ikke hjælper, så bed virksomheden, der sendte det, om et nyt.",
		},
		Already: {
			heading:  "Du har allerede givet samtykke",
			happened: "Dit samtykke er registreret og gælder stadig.",
			next:     "Du behøver ikke gøre det igen. Du kan lukke dette vindue.",
		},
		Wrong: {
			heading:  "Noget gik galt",
			happened: "Vi beklager: Dit samtykke kunne ikke registreres.",
			next:     "Prøv at åbne linket, du fik tilsendt, en gang til. Hvis det ikke hjælper, så kontakt virksomheden, der sendte det.",
		},
		TryAgain: {
			heading:  "Prøv igen om nogle minutter",
			happened: "Det kan ikke lade sig gøre lige nu. Det skyldes ikke noget, du har gjort.",
			next:     "Vent nogle minutter, og åbn så linket, du fik tilsendt, en gang til. Hvis det bliver ved, så kontakt virksomheden, der sendte det.",
		},
		TooMany: {
			heading:  "For mange forsøg",
			happened: "Der er forsøgt for mange gange på kort tid.",
			next:     "Vent et kvarter, og åbn så linket, du fik tilsendt, en gang til.",
		},
		NotFound: {
			heading:  "Siden findes ikke",
			happened: "Der er ingen side på denne adresse. Måske er en del af linket gået tabt.",
			next:     "Prøv at åbne linket, du fik tilsendt, en gang til, eller bed virksomheden, der sendte det, om et nyt.",
		},
	}
}

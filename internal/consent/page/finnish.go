package page

func finnish() wording {
	return wording{
		reference: "Tapahtumatunnus",
		tell:      "Pidä tunnus saatavilla, jos otat yhteyttä linkin lähettäneeseen yritykseen.",
		back:      "Takaisin sivustolle %s",
		outcomes:  finnishOutcomes(),
	}
}

func finnishOutcomes() map[Kind]outcome {
	return map[Kind]outcome{
		Done: {
			heading:  "Kiitos, kaikki on valmista",
			happened: "Olet antanut suostumuksesi. Linkin lähettäneellä yrityksellä on nyt hyväksymäsi käyttöoikeus.",
			next:     "Sinun ei tarvitse tehdä muuta. Voit sulkea tämän ikkunan.",
		},
		Closed: {
			heading:  "Voit sulkea tämän ikkunan",
			happened: "Tällä sivulla ei ole mitään tehtävää.",
			next:     "Jos olet saanut linkin etkä ole vielä käyttänyt sitä, avaa se uudelleen. Jos sinulla on kysyttävää, ota yhteyttä linkin lähettäneeseen yritykseen.",
		},
		Declined: {
			heading:  "Et antanut suostumusta",
			happened: "Käyttöoikeutta ei annettu, eikä mitään muutettu.",
			next:     "Jos muutat mielesi, avaa saamasi linkki uudelleen. Jos sinulla on kysyttävää, ota yhteyttä linkin lähettäneeseen yritykseen.",
		},
		Expired: {
			heading:  "Linkki ei enää toimi",
			happened: "Linkki on vanhentunut, tai osa siitä puuttuu.",
			next:     "Avaa saamasi linkki vielä kerran. Jos se ei auta, pyydä uusi linkki sen lähettäneeltä yritykseltä.",
		},
		Already: {
			heading:  "Olet jo antanut suostumuksesi",
			happened: "Suostumuksesi on tallennettu, ja se on edelleen voimassa.",
			next:     "Sinun ei tarvitse antaa sitä uudelleen. Voit sulkea tämän ikkunan.",
		},
		Wrong: {
			heading:  "Jokin meni vikaan",
			happened: "Pahoittelemme: suostumustasi ei voitu tallentaa.",
			next:     "Avaa saamasi linkki vielä kerran. Jos se ei auta, ota yhteyttä linkin lähettäneeseen yritykseen.",
		},
		TryAgain: {
			heading:  "Yritä uudelleen muutaman minuutin kuluttua",
			happened: "Suostumusta ei voida juuri nyt käsitellä. Tämä ei johdu sinusta.",
			next:     "Odota muutama minuutti ja avaa sitten saamasi linkki vielä kerran. Jos ongelma jatkuu, ota yhteyttä linkin lähettäneeseen yritykseen.",
		},
		TooMany: {
			heading:  "Liian monta yritystä",
			happened: "Tätä on yritetty liian monta kertaa lyhyen ajan sisällä.",
			next:     "Odota 15 minuuttia ja avaa sitten saamasi linkki vielä kerran.",
		},
		NotFound: {
			heading:  "Sivua ei löytynyt",
			happened: "Tässä osoitteessa ei ole sivua. Linkistä on ehkä jäänyt osa pois.",
			next:     "Avaa saamasi linkki vielä kerran tai pyydä uusi linkki sen lähettäneeltä yritykseltä.",
		},
	}
}

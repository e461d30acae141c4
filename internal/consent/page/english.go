package page

func english() wording {
	return wording{
		reference: "Reference",
		tell:      "Please have it at hand if you contact the company that sent you the link.",
		back:      "Back to %s",
		outcomes:  englishOutcomes(),
	}
}

func englishOutcomes() map[Kind]outcome {
	return map[Kind]outcome{
		Done: {
			heading:  "All set, thank you",
			happened: "You have given your permission. The company that sent you the link now has the access that you approved.",
			next:     "There is nothing more for you to do. You can close this window.",
		},
		Closed: {
			heading:  "You can close this window",
			happened: "There is nothing to do on this page.",
			next:     "If you were sent a link and have not used it yet, please open it again. If you have questions, ask the company that sent it to you.",
		},
		Declined: {
			heading:  "You did not give permission",
			happened: "No access was given, and nothing was changed.",
			next:     "If you change your mind, open the link again. If you have questions, ask the company that sent it to you.",
		},
		Expired: {
			heading:  "This link no longer works",
			happened: "The link has expired, or a part of it is missing.",
			next:     "Please open the link once more. If that does not help, ask the company that sent it to you for a new one.",
		},
		Already: {
			heading:  "You have already given permission",
			happened: "Your permission is registered and still in effect.",
			next:     "You do not need to do it again. You can close this window.",
		},
		Wrong: {
			heading:  "Something went wrong",
			happened: "We are sorry: your permission could not be registered.",
			next:     "Please open the link once more. If that does not help, contact the company that sent it to you.",
		},
		TryAgain: {
			heading:  "Please try again in a few minutes",
			happened: "This cannot be done right now. It is not because of anything you did.",
			next:     "Wait a few minutes, then open the link once more. If this goes on, contact the company that sent it to you.",
		},
		TooMany: {
			heading:  "Too many attempts",
			happened: "This was tried too many times within a short while.",
			next:     "Please wait 15 minutes, then open the link once more.",
		},
		NotFound: {
			heading:  "Page not found",
			happened: "There is no page at this address. Perhaps a part of the link was lost.",
			next:     "Please open the link once more, or ask the company that sent it to you for a new one.",
		},
	}
}

package app

import (
	"context"
	"log/slog"

	"token-refresher/internal/refresh"
	"token-refresher/internal/telemetry"
	"token-refresher/internal/token"
)

// Told logs what happened, and returns it as others are told of it.
func Told(ctx context.Context, log *slog.Logger, events []refresh.Event) []telemetry.Event {
	var told []telemetry.Event
	for _, event := range events {
		log.Log(ctx, levelOf(event.Type), "event", "type", string(event.Type), "token", event.ID.String(), "reason", event.Reason)
		told = append(told, telemetry.Event{
			Type: string(event.Type), Client: event.ID.Client, Merchant: event.ID.Merchant,
			Reason: event.Reason, Since: event.Since,
		})
	}
	return told
}

// levelOf is info for good news, and for what a person ordered.
func levelOf(event refresh.EventType) slog.Level {
	switch event {
	case token.EventConsentGiven, token.EventConsentRecovered, token.EventConsentRemoved:
		return slog.LevelInfo
	default:
		return slog.LevelWarn
	}
}

// tell sends what happened at once. That it could not be sent is logged.
func (a *App) tell(ctx context.Context, events []refresh.Event) {
	if unsent, err := a.Events.Send(ctx, Told(ctx, a.Log, events)); err != nil {
		a.Log.ErrorContext(ctx, "events not sent", "error", err, "unsent", len(unsent))
	}
}

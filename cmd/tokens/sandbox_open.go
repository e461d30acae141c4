package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/eventbridge"
	"token-refresher/internal/sandbox/lambda"
	"token-refresher/internal/sandbox/secretsmanager"
)

// sandbox is everything that `tokens sandbox` starts.
type sandbox struct {
	command sandboxCommand
	pace    pace
	state   state
	history history
	log     *slog.Logger

	aws, provider, page net.Listener
	secrets             *secretsmanager.Server
	dynamodb            *dynamodb.Server
	events              *eventbridge.Sink
	authserver          *authserver.Server
	lambda              *lambda.Emulator
	clients             map[string]registration // the provider's
	invitation          string                  // a link for a new merchant
	closers             []func() error          // in the order they were opened
}

// openSandbox takes the addresses and opens the state, and starts nothing yet.
// On an error nothing stays open.
func openSandbox(ctx context.Context, c sandboxCommand) (_ *sandbox, err error) {
	s := &sandbox{command: c, pace: pace(c.Speed)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	programs, err := bootstraps(c.Functions)
	if err != nil {
		return nil, err
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	if s.state, err = openState(c.State, c.Reset); err != nil {
		return nil, err
	}
	s.onClose(s.state.close)
	if err := s.openServers(ctx); err != nil {
		return nil, err
	}
	// Not before the state is ours: a second sandbox leaves the first one's logs.
	sandboxLog, functionLog, err := s.openLogs()
	if err != nil {
		return nil, err
	}
	s.log = slog.New(slog.NewJSONHandler(sandboxLog, nil))
	if err := s.deploy(programs, functionLog); err != nil {
		return nil, err
	}
	s.invitation, err = s.newInvitation(ctx)
	return s, err
}

// close lets go of what was opened, the last first.
func (s *sandbox) close() error {
	var errs []error
	for len(s.closers) > 0 {
		last := len(s.closers) - 1
		errs = append(errs, s.closers[last]())
		s.closers = s.closers[:last]
	}
	return errors.Join(errs...)
}

func (s *sandbox) onClose(closer func() error) { s.closers = append(s.closers, closer) }

func (s *sandbox) listen() error {
	for _, at := range []struct {
		flag, address string
		listener      *net.Listener
	}{
		{"--aws", s.command.AWS, &s.aws},
		{"--provider", s.command.Provider, &s.provider},
		{"--page", s.command.Page, &s.page},
	} {
		listener, err := listen(at.flag, at.address)
		if err != nil {
			return err
		}
		*at.listener = listener
		s.onClose(func() error {
			if err := listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("let go of %s: %w", at.address, err)
			}
			return nil
		})
	}
	return nil
}

func (s *sandbox) openLogs() (sandboxLog, functionLog *os.File, err error) {
	if sandboxLog, err = s.state.openLog(sandboxLogFile); err != nil {
		return nil, nil, err
	}
	s.onClose(sandboxLog.Close)
	if functionLog, err = s.state.openLog(functionLogFile); err != nil {
		return nil, nil, err
	}
	s.onClose(functionLog.Close)
	return sandboxLog, functionLog, nil
}

// openServers opens the emulators on the same state: the provider with its
// clients and their merchants' consents, Secrets Manager with what belongs to
// them, DynamoDB with the journal's table.
func (s *sandbox) openServers(ctx context.Context) error {
	known, err := s.state.registrations()
	if err != nil {
		return err
	}
	s.clients = known.Clients
	if err := s.openProvider(known); err != nil {
		return err
	}
	if err := s.seed(ctx, known); err != nil {
		return err
	}
	if s.secrets, err = s.openSecrets(); err != nil {
		return err
	}
	s.onClose(s.secrets.Close)
	s.events = eventbridge.New(eventbridge.Config{})
	return s.openJournal(ctx)
}

func (s *sandbox) openProvider(known registrations) (err error) {
	config := authserver.Config{
		Path:            s.state.path(consentsFile),
		URL:             s.providerURL(),
		Lifetime:        s.lifetime(authserver.DefaultLifetime),
		VippsLifetime:   s.lifetime(authserver.DefaultVippsLifetime),
		PartnerLifetime: s.lifetime(authserver.DefaultPartnerLifetime),
	}
	for _, client := range seededClients() {
		registered := client.registered(known.Clients[client.name], s.lifetime)
		registered.RedirectURIs = []string{s.pageURL() + callbackPath}
		config.Clients = append(config.Clients, registered)
	}
	if s.authserver, err = authserver.New(config); err != nil {
		return fmt.Errorf("%w (--state chooses another folder)", err)
	}
	s.onClose(s.authserver.Close)
	return nil
}

// lifetime is at the pace, but never below the second that expires_in counts in.
func (s *sandbox) lifetime(d time.Duration) time.Duration { return max(s.pace.of(d), time.Second) }

func (s *sandbox) openSecrets() (*secretsmanager.Server, error) {
	secrets, err := secretsmanager.Open(secretsmanager.Config{
		Path:   s.state.path(secretsFile),
		Region: region,
		Speed:  float64(s.pace),
	})
	if err != nil {
		return nil, fmt.Errorf("%w (--state chooses another folder)", err)
	}
	return secrets, nil
}

// seed opens Secrets Manager for itself: lists lag behind changes, but not
// behind those of an earlier run, so that the first sweep finds the clients.
func (s *sandbox) seed(ctx context.Context, known registrations) (err error) {
	secrets, err := s.openSecrets()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, secrets.Close()) }()
	if err := newSeeder(secrets, s.authserver, s.providerURL(), known).run(ctx); err != nil {
		return err
	}
	known.URL = s.providerURL()
	return s.state.keep(known)
}

// deploy makes the functions known to the Lambda emulator.
func (s *sandbox) deploy(programs map[string]string, log *os.File) error {
	s.lambda = lambda.New(lambda.Config{Region: region})
	s.onClose(s.lambda.Close)
	host, _, _ := net.SplitHostPort(s.command.Provider) // checked by Validate
	all := deployment{programs: programs, common: environment(s.pace, s.awsURL(), host), publicURL: s.pageURL(), log: log}
	for _, function := range all.functions() {
		if err := s.lambda.AddFunction(function); err != nil {
			return err
		}
	}
	return nil
}

func (s *sandbox) awsURL() string      { return baseURL(s.command.AWS, s.aws) }
func (s *sandbox) providerURL() string { return baseURL(s.command.Provider, s.provider) }
func (s *sandbox) pageURL() string     { return baseURL(s.command.Page, s.page) }

func (s *sandbox) facts() facts {
	return facts{
		Speed:       s.command.Speed,
		AWS:         s.awsURL(),
		Provider:    s.providerURL(),
		Page:        s.pageURL(),
		State:       s.state.dir,
		FunctionLog: s.state.path(functionLogFile),
		Read: fmt.Sprintf("AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s aws --region %s --endpoint-url %s "+
			"secretsmanager get-secret-value --secret-id %s/%s/access-token --query SecretString --output text",
			accessKey, accessKey, region, s.awsURL(), secretPrefix, integratorClient),
		Get: fmt.Sprintf("AWS_ACCESS_KEY_ID=%s AWS_SECRET_ACCESS_KEY=%s %s get %s/%s --function %s --region %s --endpoint-url %s",
			accessKey, accessKey, program(), shortClient, merchants()[0], operatorFunction, region, s.awsURL()),
		Consent: s.invitation,
		Break: fmt.Sprintf(`curl -X PUT %s%s -d '{"fault":"%s","times":3}'`,
			s.providerURL(), authserver.FaultsPath, authserver.Unavailable),
	}
}

// program is how this program was called, for the shell.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return "tokens"
	}
	return shellWord(path)
}

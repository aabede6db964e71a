using System.CommandLine;
using System.Globalization;
using ZeroWorld.ML.Models;
using ZeroWorld.ML.Training;
using ZeroWorld.ML.Training.Fraud;

namespace ZeroWorld.ML.Cli;

/// <summary><c>zwml train fraud</c>: a table with a label, a time and an entity to a registered model.</summary>
internal static class TrainFraudCommand
{
    public static Command Create()
    {
        var options = new Options();
        var command = new Command("fraud", "Trains a classifier of rare events on a table with a label, a time and an entity; tracks, gates and registers it.");
        options.AddTo(command);
        var json = CommonOptions.Json();
        command.Add(json);
        command.SetAction(async (parse, cancellationToken) =>
        {
            var wanted = options.Read(parse);
            var report = await new FraudTrainRun(wanted, StepConsole.ToStandardError(FraudTrainRun.StepCount)).RunAsync(cancellationToken);
            if (parse.GetValue(json))
            {
                FraudTrainView.WriteJson(report, wanted.Settings);
            }
            else
            {
                FraudTrainView.Show(Terminals.Output, report);
            }

            return ExitCode.Success;
        });
        return command;
    }

    private sealed class Options
    {
        private readonly Option<string> _table = new("--table") { Description = "The table: .csv, .csv.gz or .parquet.", Required = true };
        private readonly Option<string?> _test = new("--test") { Description = "Test rows in a file of their own. Default: the later rows of --table." };
        private readonly Option<string> _label = new("--label") { Description = "Column of the label.", Required = true };
        private readonly Option<string?> _positive = new("--positive") { Description = "Value of the label that is positive. Default: 1, true or yes." };
        private readonly Option<string> _time = new("--time") { Description = "Column of the time: timestamps, dates in any usual form, or whole numbers.", Required = true };
        private readonly Option<TimeUnit> _unit = new("--time-unit") { Description = "What whole numbers of the time count." };
        private readonly Option<string> _entity = new("--entity") { Description = "Column of the card, account or user.", Required = true };
        private readonly Option<string[]> _features = Many("--features", $"Features. {NameList.Form} Default: every other column that holds something.");
        private readonly Option<string[]> _categorical = Many("--categorical", "Columns of numbers that are categories.");
        private readonly Option<string[]> _segments = Many("--segment", "Features whose values are measured apart.");
        private readonly Option<string[]> _algorithms = Many("--algorithm", $"Algorithms to try, out of {string.Join(", ", FraudAlgorithms.Names)}.");
        private readonly Option<ClassBalance[]> _balances = new("--balance")
        {
            Description = "What to try about rare positives, to be compared: as they are, weighted as much as the negatives, or ten negatives drawn for each.", AllowMultipleArgumentsPerToken = true,
        };
        private readonly Option<int[]> _seeds = new("--seeds") { Description = "Seeds, an odd number.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = static _ => [1, 2, 3] };
        private readonly Option<SplitKind> _split = new("--split") { Description = "What keeps test rows apart: later times, or entities of their own." };
        private readonly Option<string?> _testFrom = new("--test-from") { Description = "First moment of the test, as in the time column. Default: by --test-share." };
        private readonly Option<double> _testShare = new("--test-share") { Description = "Share of test rows, or of the entities that are tested on.", DefaultValueFactory = static _ => 0.2 };
        private readonly Option<double> _delay = new("--label-delay") { Description = "Days after which a label is known.", DefaultValueFactory = static _ => 0 };
        private readonly Option<string?> _asOf = new("--as-of") { Description = "Moment of training: later labels are not mature." };
        private readonly Option<CalibrationMethod> _calibration = new("--calibration") { Description = "How probabilities are calibrated." };
        private readonly Option<int> _stopping = new("--early-stopping") { Description = "Trees without a better loss on later rows after which LightGBM adds no more. Default: as many as its grid says." };
        private readonly Option<double> _alertShare = new("--alert-share") { Description = "Share of a day's rows that may be stopped.", DefaultValueFactory = static _ => 0.012 };
        private readonly Option<double> _blockShare = new("--block-share") { Description = "Share of a day's rows that may be blocked.", DefaultValueFactory = static _ => 0.003 };
        private readonly Option<double?> _falseAlarm = new("--cost-false-alarm") { Description = "Cost of a false alarm: with --cost-miss the cheapest threshold is taken." };
        private readonly Option<double?> _miss = new("--cost-miss") { Description = "Cost of a miss." };
        private readonly Option<int> _cards = new("--cards-per-day") { Description = "k of card precision@k.", DefaultValueFactory = static _ => 100 };
        private readonly Option<double> _accepted = new("--gate-loss") { Description = "Loss of average precision against the champion that is accepted for sure.", DefaultValueFactory = static _ => 0 };
        private readonly Option<string> _model = new("--model") { Description = "Name of the model, and of the experiment.", DefaultValueFactory = static _ => "fraud" };
        private readonly Option<string?> _name = new("--name") { Description = "Name of the run. Default: the file and its columns." };
        private readonly Option<string?> _resume = new("--resume") { Description = "A run that was killed or interrupted: its finished trials are not done again." };
        private readonly Option<string?> _output = new("--out", "-o") { Description = "Write the package to this new folder and do not register it." };
        private readonly Option<string?> _alias = new("--alias") { Description = "Alias of a version that passed the gate. Default: champion for the first one, else challenger." };
        private CommonOptions? _common;

        public void AddTo(Command command)
        {
            Option[] all =
            [
                _table, _test, _label, _positive, _time, _unit, _entity, _features, _categorical, _segments, _algorithms, _balances, _seeds, _split, _testFrom, _testShare, _delay, _asOf, _calibration, _stopping,
                _alertShare, _blockShare, _falseAlarm, _miss, _cards, _accepted, _model, _name, _resume, _output, _alias,
            ];
            foreach (var option in all)
            {
                command.Add(option);
            }

            _common = CommonOptions.AddTo(command);
        }

        public FraudTrainOptions Read(ParseResult parse)
        {
            var settings = ReadSettings(parse);
            if (settings.FindProblem() is { } problem)
            {
                throw new UsageException($"--{problem}");
            }

            return new FraudTrainOptions
            {
                Table = Path.GetFullPath(parse.GetRequiredValue(_table)),
                Test = parse.GetValue(_test) is { } test ? Path.GetFullPath(test) : null,
                Columns = new FraudTableColumns
                {
                    Label = parse.GetRequiredValue(_label),
                    Time = parse.GetRequiredValue(_time),
                    Entity = parse.GetRequiredValue(_entity),
                    Positive = parse.GetValue(_positive),
                    TimeUnit = parse.GetValue(_unit),
                    Features = NameList.Parse(parse.GetValue(_features)) is { Count: > 0 } features ? features : null,
                    Categorical = NameList.Parse(parse.GetValue(_categorical)),
                },
                Settings = settings,
                Name = parse.GetValue(_name),
                Target = new TrainingTarget
                {
                    Model = new ModelName(_common!.Project(parse), parse.GetRequiredValue(_model)),
                    Directory = _common.DataDirectory(parse),
                    Output = parse.GetValue(_output) is { } output ? Path.GetFullPath(output) : null,
                    Alias = parse.GetValue(_alias),
                    Resume = parse.GetValue(_resume),
                },
            };
        }

        private FraudTableSettings ReadSettings(ParseResult parse)
        {
            var (falseAlarm, miss) = (parse.GetValue(_falseAlarm), parse.GetValue(_miss));
            if (falseAlarm.HasValue != miss.HasValue)
            {
                throw new UsageException("--cost-false-alarm and --cost-miss go together.");
            }

            var defaults = new FraudTableSettings();
            return defaults with
            {
                Algorithms = NameList.Parse(parse.GetValue(_algorithms)) is { Count: > 0 } algorithms ? algorithms : defaults.Algorithms,
                Balances = parse.GetValue(_balances) is { Length: > 0 } balances ? balances : defaults.Balances,
                Seeds = parse.GetValue(_seeds) ?? defaults.Seeds,
                Split = parse.GetValue(_split),
                TestFrom = parse.GetValue(_testFrom),
                TestShare = parse.GetValue(_testShare),
                LabelDelay = ToDays(parse.GetValue(_delay)),
                AsOf = parse.GetValue(_asOf),
                Calibration = parse.GetValue(_calibration),
                EarlyStopping = parse.GetValue(_stopping),
                AlertShare = parse.GetValue(_alertShare),
                BlockShare = parse.GetValue(_blockShare),
                Costs = falseAlarm is { } alarm && miss is { } missed ? (alarm, missed) : null,
                CardsPerDay = parse.GetValue(_cards),
                Segments = NameList.Parse(parse.GetValue(_segments)),
                Gate = defaults.Gate with { LossAccepted = parse.GetValue(_accepted) },
            };
        }

        private static TimeSpan ToDays(double days) => days is >= 0 and < 100_000
            ? TimeSpan.FromDays(days)
            : throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--label-delay is {days}; expected 0 or more days."));

        private static Option<string[]> Many(string name, string description) => new(name) { Description = description, AllowMultipleArgumentsPerToken = true };
    }
}

namespace ZeroWorld.ML.Contract.Tests;

/// <summary>The truth table against an offline store: its join, and what it gives to an online store. To run it against another one: derive, and give a store.</summary>
public abstract class OfflineContract
{
    private static int s_projects;

    public static IEnumerable<TheoryDataRow<int>> Cases => OnlineContract.Cases;

    /// <summary>A store; it is not disposed here.</summary>
    protected abstract IOfflineStore Open();

    /// <summary>A folder for source files and results.</summary>
    protected abstract string Folder { get; }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task JoinAndMaterialize_CaseOfTheTruthTable_GiveWhatItSays(int index)
    {
        var item = ContractTable.All[index];
        var cancellation = TestContext.Current.CancellationToken;
        var store = Open();
        var plan = ContractViews.Plan(item, $"c{Interlocked.Increment(ref s_projects)}");
        await ContractFiles.ImportAsync(store, plan, item, Folder, cancellation);

        var joined = await JoinAsync(store, plan, item, cancellation);

        await using var online = new MemoryOnlineStore();
        await new Materializer(store, online, TimeProvider.System).RunAsync([plan.Views[0].Field], null, cancellation);

        var differences = item.Reads.SelectMany((read, row) => read.Expected.Select((expected, column) =>
            CellCheck.FindDifference(expected, joined(row, column), isOnline: false, mayBeUnavailable: false) is { } difference
                ? $"  line {read.Line}, q = {read.Q}, joined: {plan.Service.Columns[column].Name}: {difference}"
                : null)).OfType<string>().ToList();
        foreach (var read in item.Reads)
        {
            differences.AddRange(await OnlineContract.CheckReadAsync(online, plan, read, "materialized", mayBeUnavailable: true));
        }

        Assert.True(differences.Count == 0, $"{item.Place} '{item.Name}'\n{string.Join('\n', differences)}");
    }

    private async Task<Func<int, int, FeatureCell>> JoinAsync(
        IOfflineStore store, FeatureServicePlan plan, ContractCase item, CancellationToken cancellationToken)
    {
        var names = plan.Service.Columns.Select(static column => column.Name).ToList();
        var set = await store.BuildTrainingSetAsync(
            new TrainingSetRequest
            {
                Plan = plan,
                Spine = ContractFiles.SpineTable,
                TimeColumn = ContractFiles.SpineTime,
                KeyColumns = new Dictionary<string, string> { [ContractViews.KeyName] = ContractViews.KeyName },
                RequestColumns = new Dictionary<string, string> { ["v"] = "v" },
                PassThrough = [],
                WithStatuses = true,
                OutputPath = Path.Combine(Folder, $"{plan.Service.Project}-set.parquet"),
            },
            null,
            cancellationToken);
        Assert.Equal(item.Reads.Count, set.Rows);
        var frame = await store.LoadAsync(
            set.Path, [FeatureService.TimeValue, .. names, .. names.Select(static name => name + "__status")], null, cancellationToken);
        Assert.Equal(item.Reads.Select(static read => read.Q), frame.Get<long>(FeatureService.TimeValue));
        return (row, column) => CellOf(frame, names[column], item.View.Fields[column].Type, row, item.Reads[row].Expected[column].IsDefaulted);
    }

    // A frame marks a null by NaN or the smallest int64, which are values too: the status tells which. Whether a default was used, it does not tell.
    internal static FeatureCell CellOf(ColumnFrame frame, string name, FeatureType type, int row, bool isDefaulted)
    {
        var status = (FeatureStatus)Convert.ToInt32(frame.GetColumn(name + "__status").GetValue(row));
        var element = frame.GetColumn(name).GetValue(row);
        var isMarked = element is null or double.NaN or float.NaN or long.MinValue;
        var value = isMarked && status != FeatureStatus.Present
            ? FeatureValue.Null(type)
            : type switch
            {
                FeatureType.Bool => FeatureValue.FromBool((double)element! != 0),
                FeatureType.Int64 => FeatureValue.FromInt64((long)element!),
                FeatureType.Timestamp => FeatureValue.FromTimestamp((long)element!),
                FeatureType.Float32 => FeatureValue.FromFloat32((float)(double)element!),
                FeatureType.Float64 => FeatureValue.FromFloat64((double)element!),
                FeatureType.Int64List => FeatureValue.FromInt64List((long[])element!),
                FeatureType.Float64List => FeatureValue.FromFloat64List((double[])element!),
                FeatureType.StringList => FeatureValue.FromStringList((string[])element!),
                _ => FeatureValue.FromString((string)element!),
            };
        return new FeatureCell(value, status, null, isDefaulted);
    }
}

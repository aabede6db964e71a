namespace ZeroWorld.ML.Features;

/// <summary>Tells how far a run is. Not thread safe.</summary>
internal sealed class MaterializationProgress(MaterializationRequest request)
{
    private long _rows;
    private int _viewsDone;
    private int _partitions;
    private int _partitionsDone;

    public void Add(int rows)
    {
        _rows += rows;
        request.Progress?.Report(_rows);
    }

    public void BeginView(MaterializationPlan plan) => (_partitions, _partitionsDone) = (plan.Groups.Sum(static group => group.Partitions.Count), 0);

    public void EndPartitions(int count)
    {
        _partitionsDone += count;
        Report();
    }

    public void EndView()
    {
        (_viewsDone, _partitionsDone) = (_viewsDone + 1, 0);
        Report();
    }

    private void Report() => request.Share?.Report(
        (_viewsDone + (_partitions == 0 ? 0 : (double)_partitionsDone / _partitions)) / Math.Max(request.Fields.Count, 1));
}

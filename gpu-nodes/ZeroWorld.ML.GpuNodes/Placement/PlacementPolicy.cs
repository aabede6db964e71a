using System.Globalization;

namespace ZeroWorld.ML.GpuNodes;

/// <summary>Decides on which device a model is loaded.</summary>
/// <remarks>
/// Best fit: of the devices of the first kind in preference that has room, the one that will have the least left, so that big holes stay whole for
/// big models; of equals the lowest id. Pure: equal arguments give equal decisions.
/// </remarks>
public static class PlacementPolicy
{
    /// <param name="devices">The budgets of the node, each device once.</param>
    /// <param name="request">What is to be placed.</param>
    public static PlacementDecision Decide(IReadOnlyList<DeviceMemory> devices, PlacementRequest request)
    {
        ArgumentNullException.ThrowIfNull(devices);
        ArgumentNullException.ThrowIfNull(request);
        if (request.Device is { } wanted)
        {
            return DecideAmong([.. devices.Where(device => device.Device == wanted)], request, wanted.ToString());
        }

        DeviceMemory[] candidates = [.. devices.Where(device => request.Kinds.Contains(device.Device.Kind))];
        foreach (var kind in request.Kinds)
        {
            var decision = DecideAmong([.. candidates.Where(device => device.Device.Kind == kind)], request, Name(kind));
            if (decision.Device is not null)
            {
                return decision;
            }
        }

        return Refuse(candidates, request, string.Join(" or ", request.Kinds.Select(Name)));
    }

    private static PlacementDecision DecideAmong(DeviceMemory[] candidates, PlacementRequest request, string what)
    {
        DeviceMemory? best = null;
        foreach (var candidate in candidates.OrderBy(device => device.Device))
        {
            if (candidate.FreeBytes >= request.Bytes && (best is null || candidate.FreeBytes < best.Value.FreeBytes))
            {
                best = candidate;
            }
        }

        return best is { } device ? new PlacementDecision(device.Device, null) : Refuse(candidates, request, what);
    }

    private static PlacementDecision Refuse(DeviceMemory[] candidates, PlacementRequest request, string what) =>
        new(null, candidates.Length == 0
            ? $"The model needs {Size(request.Bytes)} on {what}, and this node has no such device."
            : $"The model needs {Size(request.Bytes)}; "
                + string.Join(", ", candidates.Select(device => $"{device.Device} has {Size(device.FreeBytes)} free of {Size(device.TotalBytes)} for models"))
                + ".");

    private static string Name(DeviceKind kind) => kind == DeviceKind.Cpu ? "cpu" : "cuda";

    /// <summary>Bytes below a mebibyte, else mebibytes rounded to a tenth: exact enough to see why it did not fit.</summary>
    private static string Size(long bytes) =>
        bytes < 1 << 20 ? $"{bytes} B" : string.Create(CultureInfo.InvariantCulture, $"{bytes / (double)(1 << 20):0.0} MiB");
}

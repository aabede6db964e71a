using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Serving;

/// <summary>What is read of one entity for one feature service.</summary>
internal sealed class EntityRead
{
    public EntityRead(FeatureServicePlan service, Entity entity, List<string> keys)
    {
        Entity = entity;
        Project = service.Service.Project;
        Keys = [.. entity.Keys.Select(key => keys.IndexOf(key.Name))];
        Views = [.. service.Views.Select(static (view, index) => (view, index)).Where(item => item.view.View.Entity.Name == entity.Name && item.view.View.Entity.Alias == entity.Alias).Select(static item => item.index)];
        Fields = [.. Views.Select(view => service.Views[view].Field)];
    }

    public Entity Entity { get; }

    public string Project { get; }

    /// <summary>Indexes into <see cref="PredictionPlan.Keys"/>.</summary>
    public int[] Keys { get; }

    /// <summary>Indexes into the views of the service, in the order of <see cref="Fields"/>.</summary>
    public int[] Views { get; }

    /// <summary>One list for all requests: the coalescer takes two reads for the same when they share it.</summary>
    public IReadOnlyList<StorageField> Fields { get; }
}

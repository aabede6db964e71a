using Microsoft.EntityFrameworkCore;

namespace ZeroWorld.ML.Models.Registry.Runs;

/// <summary>The tables of runs, with nothing of one database product in them.</summary>
internal sealed class RunDbContext(DbContextOptions<RunDbContext> options) : DbContext(options)
{
    internal const string StateTable = "run_state";
    internal const string ArtifactTable = "run_artifacts";

    internal DbSet<RunRow> Runs => Set<RunRow>();

    internal DbSet<RunTextRow> Texts => Set<RunTextRow>();

    internal DbSet<RunMetricRow> Metrics => Set<RunMetricRow>();

    internal DbSet<RunLatestRow> Latest => Set<RunLatestRow>();

    internal DbSet<RunArtifactRow> Artifacts => Set<RunArtifactRow>();

    internal DbSet<RunStateRow> State => Set<RunStateRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<RunStateRow>(state =>
        {
            state.ToTable(StateTable).HasKey(row => row.Id);
            state.Property(row => row.Id).HasColumnName("id").ValueGeneratedNever();
            state.Property(row => row.Schema).HasColumnName("schema_version");
        });
        modelBuilder.Entity<RunRow>(run =>
        {
            run.ToTable("runs").HasKey(row => row.Id);
            run.HasIndex(row => new { row.Project, row.Experiment, row.Id }).HasDatabaseName("runs_experiment");
            run.HasIndex(row => row.Parent).HasDatabaseName("runs_parent");
            run.Property(row => row.Id).HasColumnName("id").HasMaxLength(32);
            run.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            run.Property(row => row.Experiment).HasColumnName("experiment").HasMaxLength(RunBounds.ExperimentLengthMax);
            run.Property(row => row.Name).HasColumnName("name").HasMaxLength(RunBounds.NameLengthMax);
            run.Property(row => row.Parent).HasColumnName("parent").HasMaxLength(32);
            run.Property(row => row.Status).HasColumnName("status");
            run.Property(row => row.Started).HasColumnName("started_time");
            run.Property(row => row.Ended).HasColumnName("ended_time");
            run.Property(row => row.LastSeen).HasColumnName("seen_time");
            run.Property(row => row.Note).HasColumnName("note");
        });
        modelBuilder.Entity<RunTextRow>(text =>
        {
            text.ToTable("run_texts").HasKey(row => new { row.Run, row.Kind, row.Name });
            text.Property(row => row.Run).HasColumnName("run").HasMaxLength(32);
            text.Property(row => row.Kind).HasColumnName("kind").HasMaxLength(16);
            text.Property(row => row.Name).HasColumnName("name").HasMaxLength(RunBounds.NameLengthMax);
            text.Property(row => row.Value).HasColumnName("value");
        });
        modelBuilder.Entity<RunMetricRow>(metric =>
        {
            metric.ToTable("run_metrics").HasKey(row => new { row.Run, row.Name, row.Step });
            metric.Property(row => row.Run).HasColumnName("run").HasMaxLength(32);
            metric.Property(row => row.Name).HasColumnName("name").HasMaxLength(RunBounds.NameLengthMax);
            metric.Property(row => row.Step).HasColumnName("step");
            metric.Property(row => row.Value).HasColumnName("value");
        });
        modelBuilder.Entity<RunLatestRow>(latest =>
        {
            latest.ToTable("run_latest_metrics").HasKey(row => new { row.Run, row.Name });
            latest.Property(row => row.Run).HasColumnName("run").HasMaxLength(32);
            latest.Property(row => row.Name).HasColumnName("name").HasMaxLength(RunBounds.NameLengthMax);
            latest.Property(row => row.Step).HasColumnName("step");
            latest.Property(row => row.Value).HasColumnName("value");
        });
        modelBuilder.Entity<RunArtifactRow>(artifact =>
        {
            artifact.ToTable(ArtifactTable).HasKey(row => new { row.Run, row.Name });
            artifact.Property(row => row.Run).HasColumnName("run").HasMaxLength(32);
            artifact.Property(row => row.Name).HasColumnName("name").HasMaxLength(RunBounds.NameLengthMax);
            artifact.Property(row => row.Digest).HasColumnName("digest").HasMaxLength(71);
            artifact.Property(row => row.Bytes).HasColumnName("bytes");
        });
    }
}

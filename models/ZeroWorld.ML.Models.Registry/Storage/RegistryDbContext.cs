using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;

namespace ZeroWorld.ML.Models.Registry.Storage;

/// <summary>The tables of the registry, with nothing of one database product in them.</summary>
internal sealed class RegistryDbContext(DbContextOptions<RegistryDbContext> options) : DbContext(options)
{
    internal DbSet<VersionRow> Versions => Set<VersionRow>();

    internal DbSet<RetirementRow> Retirements => Set<RetirementRow>();

    internal DbSet<DeletionRow> Deletions => Set<DeletionRow>();

    internal DbSet<AliasRow> Aliases => Set<AliasRow>();

    internal DbSet<AuditRow> Audit => Set<AuditRow>();

    internal DbSet<StateRow> State => Set<StateRow>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<StateRow>(state =>
        {
            state.ToTable(RegistrySchema.StateTable).HasKey(row => row.Id);
            state.Property(row => row.Id).HasColumnName("id").ValueGeneratedNever();
            state.Property(row => row.Schema).HasColumnName("schema_version");
            state.Property(row => row.Revision).HasColumnName("revision");
        });
        modelBuilder.Entity<VersionRow>(version =>
        {
            // The key is what makes a number unique: no code could.
            version.ToTable("model_versions").HasKey(row => new { row.Project, row.Name, row.Version });
            version.HasIndex(row => row.Digest).IsUnique().HasDatabaseName("model_versions_digest");
            version.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            version.Property(row => row.Name).HasColumnName("name").HasMaxLength(ModelName.LengthMax);
            version.Property(row => row.Version).HasColumnName("version").ValueGeneratedNever();
            version.Property(row => row.Digest).HasColumnName("digest").HasMaxLength(71);
            version.Property(row => row.Manifest).HasColumnName("manifest");
            version.Property(row => row.CreatedTime).HasColumnName("created_time");
            version.Property(row => row.ServiceProject).HasColumnName("service_project");
            version.Property(row => row.ServiceName).HasColumnName("service_name");
            version.Property(row => row.ServiceFingerprint).HasColumnName("service_fingerprint");
            Freeze(version.Metadata);
        });
        modelBuilder.Entity<RetirementRow>(retirement =>
        {
            retirement.ToTable("model_retirements").HasKey(row => new { row.Project, row.Name, row.Version });
            retirement.HasOne<VersionRow>().WithOne().HasForeignKey<RetirementRow>(row => new { row.Project, row.Name, row.Version }).OnDelete(DeleteBehavior.Restrict);
            retirement.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            retirement.Property(row => row.Name).HasColumnName("name").HasMaxLength(ModelName.LengthMax);
            retirement.Property(row => row.Version).HasColumnName("version").ValueGeneratedNever();
            retirement.Property(row => row.RetiredTime).HasColumnName("retired_time");
            Freeze(retirement.Metadata);
        });
        modelBuilder.Entity<DeletionRow>(deletion =>
        {
            deletion.ToTable("model_deletions").HasKey(row => new { row.Project, row.Name, row.Version });
            deletion.HasIndex(row => row.Digest).HasDatabaseName("model_deletions_digest");
            deletion.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            deletion.Property(row => row.Name).HasColumnName("name").HasMaxLength(ModelName.LengthMax);
            deletion.Property(row => row.Version).HasColumnName("version").ValueGeneratedNever();
            deletion.Property(row => row.Digest).HasColumnName("digest").HasMaxLength(71);
            deletion.Property(row => row.DeletedTime).HasColumnName("deleted_time");
            Freeze(deletion.Metadata);
        });
        modelBuilder.Entity<AliasRow>(alias =>
        {
            alias.ToTable("model_aliases").HasKey(row => new { row.Project, row.Name, row.Alias });
            alias.HasOne<VersionRow>().WithMany().HasForeignKey(row => new { row.Project, row.Name, row.Version }).OnDelete(DeleteBehavior.Restrict);
            alias.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            alias.Property(row => row.Name).HasColumnName("name").HasMaxLength(ModelName.LengthMax);
            alias.Property(row => row.Alias).HasColumnName("alias").HasMaxLength(ModelName.LengthMax);
            alias.Property(row => row.Version).HasColumnName("version");
            alias.Property(row => row.UpdatedTime).HasColumnName("updated_time");
        });
        modelBuilder.Entity<AuditRow>(audit =>
        {
            audit.ToTable("audit").HasKey(row => row.Revision);
            audit.Property(row => row.Revision).HasColumnName("revision").ValueGeneratedNever();
            audit.Property(row => row.Time).HasColumnName("time");
            audit.Property(row => row.Actor).HasColumnName("actor").HasMaxLength(ModelRegistry.ActorLengthMax);
            audit.Property(row => row.Action).HasColumnName("action").HasMaxLength(32);
            audit.Property(row => row.Project).HasColumnName("project").HasMaxLength(ModelName.LengthMax);
            audit.Property(row => row.Name).HasColumnName("name").HasMaxLength(ModelName.LengthMax);
            audit.Property(row => row.Version).HasColumnName("version");
            audit.Property(row => row.Alias).HasColumnName("alias").HasMaxLength(ModelName.LengthMax);
            audit.Property(row => row.PreviousVersion).HasColumnName("previous_version");
            Freeze(audit.Metadata);
        });
        if (Database.IsNpgsql())
        {
            SortByBytes(modelBuilder);
        }
    }

    /// <summary>Names sort and compare as in SQLite, whatever the language of the database.</summary>
    private static void SortByBytes(ModelBuilder modelBuilder)
    {
        foreach (var property in modelBuilder.Model.GetEntityTypes().SelectMany(static entity => entity.GetProperties()).Where(static property => property.ClrType == typeof(string)))
        {
            property.SetCollation("C");
        }
    }

    private static void Freeze(IMutableEntityType entity)
    {
        foreach (var property in entity.GetProperties())
        {
            property.SetAfterSaveBehavior(PropertySaveBehavior.Throw);
        }
    }
}
